"""The window: overlay, tray icon, and the loop that joins Qt and asyncio. Qt lives here alone.

Everything in here runs on the main thread, which runs one loop for Qt and asyncio. What blocks
(devices are listed, settings are written, heavy modules are imported) runs in worker threads.

`app.run` is what the command line calls. Nothing here knows how captions are made: a front end
listens to the events of a session and asks it to start, to stop, or to hear something else.
"""
