"""Whether the app as a whole is set up as it must be: the checks of ``snatbot doctor``, as of ``linkerd check``.

Nothing here writes or posts. What can't be measured is "could not check", never a pass.
"""
