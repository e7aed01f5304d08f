"""rich imports pygments with its help texts; lexers and styles, which show code, are never used."""

hiddenimports: list[str] = []
