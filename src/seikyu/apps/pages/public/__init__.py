"""The public site: entrances by kind of user, questions, prefectures, calendar, announcements. No login, no scripts."""
