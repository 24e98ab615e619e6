"""The picture of the architecture page is what the imports say."""

import house


def test_the_picture_is_drawn_from_the_imports() -> None:
    page = house.PAGE.read_text()
    assert house.drawn(page) == page, "make house draws it anew"
    assert "models.composition" in house.picture()
