"""The settings of ACME: where hosts are, on a line without DNS."""

import pytest

from seikyu.adapters.settings import BadSettings, settings_from, settings_text


def test_addresses_of_hosts_are_read() -> None:
    """In any letters, with blanks, IPv6 too; none by default."""
    text = settings_text(
        {"acme.addresses": ("GW.example.jp = 192.0.2.10", "www.example.jp=2001:DB8::1"), "acme.http_port": 8080}
    )
    acme = settings_from(text).acme
    assert dict(acme.addresses) == {"gw.example.jp": "192.0.2.10", "www.example.jp": "2001:db8::1"}
    assert acme.http_port == 8080
    assert dict(settings_from("").acme.addresses) == {}
    assert settings_from("[acme]\naddresses = []\n").acme.http_port == 80


@pytest.mark.parametrize(
    "entry", ["gw.example.jp", "gw.example.jp=", "=192.0.2.1", "gw.example.jp=other.example.jp", "a=b=192.0.2.1"]
)
def test_an_address_that_is_none_stops_the_start(entry: str) -> None:
    """With the key's name."""
    with pytest.raises(BadSettings, match="host=address") as error:
        settings_from(f'[acme]\naddresses = ["{entry}"]\n')
    assert error.value.facts["key"] == "acme.addresses"
