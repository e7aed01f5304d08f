"""What screen readers are told of each window of the program: a name and a role for every control.

The tree is walked as they walk it, through Qt's accessible interfaces, not through the widgets.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from captioner.gui.commands import Command
from captioner.gui.overlay.window import Overlay
from tests.gui.preferences.conftest import Office, Play
from tests.support.scripted_session import caption
from tests.support.wait import until

INTERACTIVE = {
    QAccessible.Role.Button,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.ComboBox,
    QAccessible.Role.EditableText,
    QAccessible.Role.SpinBox,
    QAccessible.Role.Slider,
    QAccessible.Role.List,
    QAccessible.Role.Table,
    QAccessible.Role.MenuItem,
    QAccessible.Role.ButtonMenu,
    QAccessible.Role.HotkeyField,
}
TITLES = {
    "Captioner",
    "Captioner settings",
    "Captioner status",
    "Captioner transcript",
    "Captioner past transcripts",
    "Welcome to Captioner",
}


def tree(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Go through what is visible of ``interface`` and below it."""
    if interface.state().invisible:
        return
    yield interface
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child.isValid():
            yield from tree(child)


def has_own_name(interface: QAccessibleInterface) -> bool:
    """Tell whether it is more than a part of a control that has the name, such as a field in it."""
    parent = interface.parent()
    parts = {QAccessible.Role.ComboBox, QAccessible.Role.SpinBox, QAccessible.Role.HotkeyField}
    return not parent.isValid() or parent.role() not in parts


def unnamed(window: QWidget) -> list[str]:
    root = QAccessible.queryAccessibleInterface(window)
    found = []
    for each in tree(root):
        is_control = each.role() in INTERACTIVE or each.state().focusable
        name = each.text(QAccessible.Text.Name)
        is_separator = each.role() is QAccessible.Role.Separator
        if is_control and not name and not is_separator and has_own_name(each):
            found.append(f"{window.windowTitle()}: {each.role()} {each.object()}")
    return found


def test_every_control_of_every_window_has_a_name_and_a_role(play: Play) -> None:
    async def story(office: Office) -> None:
        front_end = office.front_end
        for number in range(3):
            office.session.emit(caption(number, f"words {number}", is_final=number < 2))
        for command in (Command.STATUS, Command.TRANSCRIPT, Command.WELCOME):
            front_end.do(command)
        front_end.windows.open_past()

        def shown() -> dict[str, QWidget]:
            windows = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
            return {window.windowTitle(): window for window in windows}

        await until(lambda: set(shown()) >= TITLES)
        windows = shown()
        missing = [line for title in sorted(TITLES) for line in unnamed(windows[title])]
        for page in office.dialog.pages:
            office.dialog.open_page(page.key)
            missing += unnamed(office.dialog)
        menus = windows["Captioner"].findChildren(QMenu)
        assert isinstance(windows["Captioner"], Overlay)
        for menu in menus:
            missing += [f"{menu.title()}: {each}" for each in menu.actions() if not named(each)]
        assert missing == []
        assert sum(1 for _ in tree(QAccessible.queryAccessibleInterface(office.dialog))) > 30

    play(story)


def named(action: object) -> bool:
    from PySide6.QtGui import QAction  # noqa: PLC0415

    assert isinstance(action, QAction)
    return action.isSeparator() or bool(action.text())


def test_a_control_without_a_name_is_found(play: Play) -> None:
    async def story(office: Office) -> None:
        assert unnamed(office.dialog) == []
        office.dialog.navigation.search.setAccessibleName("")
        office.dialog.navigation.search.setPlaceholderText("")
        assert len(unnamed(office.dialog)) == 1

    play(story)
