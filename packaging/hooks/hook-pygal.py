"""Plots of reports: pygal reads its style sheets from files beside it."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("pygal", includes=["css/*.css"])
