"""Kernels forked from a warm parent: the fast way, never the only one."""
