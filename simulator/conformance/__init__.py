"""Replays recorded traffic of the real services against the simulator, and shows where they differ.

    python -m simulator.conformance [FOLDER]

Each recording gets a fresh simulator. Before each exchange the simulator is put into the state that
the recording shows (`stage` and `arrange_*`), then it is sent the same request (`replay`), and its
answer is held against the recorded one (`compare`): status, keys, types, casing, and the headers
that clients act on. Values that must differ from one run to another (`values`) are compared by shape.
"""
