"""The office (審査支払機関の仕事): the month's work as pure decisions."""
