"""The embedded engine: its library, its model, and the sample that the program brings along."""

from pathlib import Path

from PyInstaller.utils.hooks import get_module_file_attribute

_folder = Path(get_module_file_attribute("moonshine_voice")).parent
_libraries = [*_folder.glob("*moonshine.*"), *_folder.glob("*onnxruntime.*")]
binaries = [
    (str(file), "moonshine_voice")
    for file in _libraries
    if file.suffix in {".so", ".dll", ".dylib"}
]
datas = [
    *(
        (str(file), "moonshine_voice/assets/tiny-en")
        for file in sorted((_folder / "assets" / "tiny-en").iterdir())
    ),
    (str(_folder / "assets" / "two_cities.wav"), "moonshine_voice/assets"),
]
