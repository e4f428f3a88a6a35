/*
 * port.c: registers and ports, and conversions of addresses.
 *
 * Registers are memory, and are read and written as such. Ports are not: a driver outside of a kernel has none.
 * Reading one gives all ones, as from a bus where nothing answers, and writing does nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stor.h"

#define ACCESS(name, type)                                                                                   \
    type NTAPI StorPortReadRegister##name(type *Register);                                                   \
    type NTAPI StorPortReadRegister##name(type *Register)                                                    \
    {                                                                                                        \
        return *(volatile type *)Register;                                                                   \
    }                                                                                                        \
    void NTAPI StorPortWriteRegister##name(type *Register, type Value);                                      \
    void NTAPI StorPortWriteRegister##name(type *Register, type Value)                                       \
    {                                                                                                        \
        *(volatile type *)Register = Value;                                                                  \
    }                                                                                                        \
    void NTAPI StorPortReadRegisterBuffer##name(type *Register, type *Buffer, ULONG Count);                  \
    void NTAPI StorPortReadRegisterBuffer##name(type *Register, type *Buffer, ULONG Count)                   \
    {                                                                                                        \
        for (ULONG i = 0; i < Count; i++)                                                                    \
            Buffer[i] = ((volatile type *)Register)[i];                                                      \
    }                                                                                                        \
    void NTAPI StorPortWriteRegisterBuffer##name(type *Register, type *Buffer, ULONG Count);                 \
    void NTAPI StorPortWriteRegisterBuffer##name(type *Register, type *Buffer, ULONG Count)                  \
    {                                                                                                        \
        for (ULONG i = 0; i < Count; i++)                                                                    \
            ((volatile type *)Register)[i] = Buffer[i];                                                      \
    }                                                                                                        \
    type NTAPI StorPortReadPort##name(type *Port);                                                           \
    type NTAPI StorPortReadPort##name(type *Port)                                                            \
    {                                                                                                        \
        (void)Port;                                                                                          \
        STOR_NOT_HERE("StorPortReadPort" #name);                                                             \
        return (type)~0u;                                                                                    \
    }                                                                                                        \
    void NTAPI StorPortWritePort##name(type *Port, type Value);                                              \
    void NTAPI StorPortWritePort##name(type *Port, type Value)                                               \
    {                                                                                                        \
        (void)Port, (void)Value;                                                                             \
        STOR_NOT_HERE("StorPortWritePort" #name);                                                            \
    }                                                                                                        \
    void NTAPI StorPortReadPortBuffer##name(type *Port, type *Buffer, ULONG Count);                          \
    void NTAPI StorPortReadPortBuffer##name(type *Port, type *Buffer, ULONG Count)                           \
    {                                                                                                        \
        for (ULONG i = 0; i < Count; i++)                                                                    \
            Buffer[i] = StorPortReadPort##name(Port);                                                        \
    }                                                                                                        \
    void NTAPI StorPortWritePortBuffer##name(type *Port, type *Buffer, ULONG Count);                         \
    void NTAPI StorPortWritePortBuffer##name(type *Port, type *Buffer, ULONG Count)                          \
    {                                                                                                        \
        for (ULONG i = 0; i < Count; i++)                                                                    \
            StorPortWritePort##name(Port, Buffer[i]);                                                        \
    }

ACCESS(Uchar, UCHAR)
ACCESS(Ushort, USHORT)
ACCESS(Ulong, ULONG)

ULONG NTAPI StorPortConvertPhysicalAddressToUlong(STOR_PHYSICAL_ADDRESS Address);
STOR_PHYSICAL_ADDRESS NTAPI StorPortConvertUlongToPhysicalAddress(ULONG_PTR UlongAddress);

/* The low 32 bits. */
ULONG NTAPI StorPortConvertPhysicalAddressToUlong(STOR_PHYSICAL_ADDRESS Address)
{
    return Address.LowPart;
}

STOR_PHYSICAL_ADDRESS NTAPI StorPortConvertUlongToPhysicalAddress(ULONG_PTR UlongAddress)
{
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)UlongAddress};

    return address;
}

ULONG64 NTAPI StorPortConvertPhysicalAddressToUlong64(STOR_PHYSICAL_ADDRESS Address)
{
    return (ULONG64)Address.QuadPart;
}

STOR_PHYSICAL_ADDRESS NTAPI StorPortConvertUlong64ToPhysicalAddress(ULONG64 UlongAddress)
{
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)UlongAddress};

    return address;
}

/* There is no hardware: an address of memory is its own physical address, as far as a miniport can tell. All of
 * it is contiguous then: *Length becomes the length of the SRB's data from that address on. */
STOR_PHYSICAL_ADDRESS NTAPI StorPortGetPhysicalAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                       PVOID VirtualAddress, ULONG *Length)
{
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)(ULONG_PTR)VirtualAddress};
    ULONG_PTR begin = Srb ? (ULONG_PTR)Srb->DataBuffer : 0, place = (ULONG_PTR)VirtualAddress;

    (void)HwDeviceExtension;
    if (Length && Srb && place >= begin && place - begin < Srb->DataTransferLength)
        *Length = (ULONG)(Srb->DataTransferLength - (place - begin));
    return address;
}

PVOID NTAPI StorPortGetVirtualAddress(PVOID HwDeviceExtension, STOR_PHYSICAL_ADDRESS PhysicalAddress)
{
    (void)HwDeviceExtension;
    return (PVOID)(ULONG_PTR)PhysicalAddress.QuadPart;
}
