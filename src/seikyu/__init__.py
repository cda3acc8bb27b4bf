"""seikyu: an open online claims system (オンライン請求システム)."""

from typing import Final

VERSION: Final = "0.1.0"
