/*
 * Stand-in for the kernel32 front: QueueUserWorkItem on ntdll's pool, in the shape of the real front (no C
 * runtime, below kernel32, imports ntdll and the core). It has to work: with a prefix-wide override Wine's
 * services run on it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
typedef int (*stand_in_routine)(void *);

__declspec(dllimport) unsigned long stand_in_count(void);
__declspec(dllimport) long __stdcall RtlQueueWorkItem(stand_in_routine routine, void *context,
                                                      unsigned long flags);
__declspec(dllexport) int __stdcall QueueUserWorkItem(stand_in_routine routine, void *context,
                                                      unsigned long flags);
__declspec(dllexport) void __stdcall StandInOnly(void);
int __stdcall DllMain(void *instance, unsigned long reason, void *reserved);

/* No builtin has it, so no graft may have it either. */
void __stdcall StandInOnly(void)
{
}

/* Returns a value that no other implementation returns, so that a caller sees whose function it reached. */
int __stdcall QueueUserWorkItem(stand_in_routine routine, void *context, unsigned long flags)
{
    if (RtlQueueWorkItem(routine, context, flags) < 0)
        return 0;
    return 0x5100 + (int)(stand_in_count() & 0xff);
}

int __stdcall DllMain(void *instance, unsigned long reason, void *reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return 1;
}
