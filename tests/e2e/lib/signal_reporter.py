"""Writes each signal that it gets as a line, "command 15"; its own child does so as "descendant 15".

Ends by SIGKILL alone, the descendant with it. Standard output says "command ready" and "descendant
ready" first.
"""

import ctypes
import os
import signal

ALL = set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}


def say(text):
    os.write(1, (text + "\n").encode())


signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
PR_SET_PDEATHSIG = 1
name = "command"
if os.fork() == 0:
    name = "descendant"
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
say(f"{name} ready")
while True:
    say(f"{name} {signal.sigwaitinfo(ALL).si_signo}")
