"""The icon in the system tray, and the menu that it shares with the overlay."""
