"""The documentation lists each export of storport.sys and each extended function, and the module has every export of the real
one: exports.py OBJDUMP STORPORT.SYS DOCUMENT CODES-HEADER.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import subprocess
import sys

OBJDUMP, MODULE, DOCUMENT, CODES = sys.argv[1:5]

# What the real module exports, after StorPort.
REAL = '''AllocateRegistryBuffer Busy CompleteRequest ConvertPhysicalAddressToUlong ConvertUlongToPhysicalAddress DebugPrint DeviceBusy
    DeviceReady ExtendedFunction FreeDeviceBase FreeRegistryBuffer GetBusData GetDeviceBase GetLogicalUnit GetPhysicalAddress
    GetScatterGatherList GetSrb GetUncachedExtension GetVirtualAddress Initialize LogError MoveMemory Notification Pause
    PauseDevice QuerySystemTime Ready RegistryRead RegistryWrite Resume ResumeDevice SetBusDataByOffset SetDeviceQueueDepth
    StallExecution SynchronizeAccess ValidateRange'''.split()
REAL += [f'{way}{kind}{buffer}{size}' for way in ('Read', 'Write') for kind in ('Port', 'Register') for buffer in ('', 'Buffer')
         for size in ('Uchar', 'Ushort', 'Ulong')]
REAL = {'StorPort' + name for name in REAL} | {'ScsiPortMoveMemory', 'ScsiPortNotification'}


def exports():
    text = subprocess.run([OBJDUMP, '-p', MODULE], stdout=subprocess.PIPE, text=True, check=True).stdout
    table = text.split('[Ordinal/Name Pointer] Table')[1]
    return set(re.findall(r'^\s*\[\s*\d+\].* (\w+)$', table, re.M))


def main():
    with open(DOCUMENT, encoding='utf-8') as file:
        text = file.read()
    with open(CODES, encoding='utf-8') as file:
        codes = re.findall(r'X\((\w+)\)', file.read().split('WQ_STOR_FUNCTIONS(X)')[1])
    head, _, listed = text.partition('## Exports')
    listed = set(re.findall(r'`(\w+)`', listed))
    found = exports()
    problems = [f'{name} is not exported' for name in sorted(REAL - found)]
    problems += [f'{name} is exported and not documented' for name in sorted(found - listed)]
    problems += [f'{name} is documented and not exported' for name in sorted(listed - found)]
    problems += [f'extended function {name} ({code}) is not documented' for code, name in enumerate(codes)
                 if f'| {code} | `{name}` |' not in head and f'`{name}` ({code})' not in head]
    if len(codes) != 137:
        problems.append(f'{len(codes)} extended functions; were they read right?')
    print('\n'.join(problems) or f'{len(found)} exports, {len(codes)} extended functions')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
