/*
 * kernel.c: floods of kernel work items inside winedevice.exe. A driver (kernel/) that is loaded through the service
 * manager queues them, on the functions that io=1, ex=1, stor=1 or rx=1 names; with items=N every pass queues so
 * many, without, as many as the budget needs.
 *
 * Wine's own can be measured with IoQueueWorkItem only: its ExQueueWorkItem ends the process, and it has no
 * storport.sys and no rdbss.sys.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../served.h"

#include <stdio.h>
#include <windows.h>
#include <winioctl.h>

#include "../kernel/request.h"

#define GROUP      "wqshim bench" /* drivers of one load order group share a process, which is this one's alone */
#define STOP_US    10000u
#define STOP_LOOKS 1000
#define DEADLINE_S 40u

static const struct kind {
    const char *param;
    enum kernel_api api;
    const char *driver;
    const char *module; /* that Wine may lack, in the drivers folder; NULL: it has it */
} kinds[] = {{"io", KERNEL_IO, "wqbenchnt", NULL},
             {"ex", KERNEL_EX, "wqbenchnt", NULL},
             {"stor", KERNEL_STOR, "wqbenchstor", "storport.sys"},
             {"rx", KERNEL_RX, "wqbenchrx", "rdbss.sys"}};
static const struct kind *kind;

/* ---- the driver, as a service ---- */

/* advapi32's, which is loaded here: the start of the other workloads shall not cost more for it. */
static struct {
    __typeof__(OpenSCManagerA) *open_manager;
    __typeof__(CreateServiceA) *create;
    __typeof__(OpenServiceA) *open;
    __typeof__(StartServiceA) *start;
    __typeof__(ControlService) *control;
    __typeof__(QueryServiceStatus) *query;
    __typeof__(DeleteService) *remove;
} scm;
static SC_HANDLE service;
static HANDLE device = INVALID_HANDLE_VALUE;

static void scm_load(void)
{
    HMODULE module = LoadLibraryA("advapi32.dll");

    if (!module)
        bench_die("no advapi32.dll");
    scm.open_manager = (__typeof__(scm.open_manager))bench_function(module, "OpenSCManagerA");
    scm.create = (__typeof__(scm.create))bench_function(module, "CreateServiceA");
    scm.open = (__typeof__(scm.open))bench_function(module, "OpenServiceA");
    scm.start = (__typeof__(scm.start))bench_function(module, "StartServiceA");
    scm.control = (__typeof__(scm.control))bench_function(module, "ControlService");
    scm.query = (__typeof__(scm.query))bench_function(module, "QueryServiceStatus");
    scm.remove = (__typeof__(scm.remove))bench_function(module, "DeleteService");
}

static bool service_stop(void)
{
    SERVICE_STATUS status;

    if (!scm.control(service, SERVICE_CONTROL_STOP, &status))
        return false;
    for (int i = 0; i < STOP_LOOKS && scm.query(service, &status); i++) {
        if (status.dwCurrentState == SERVICE_STOPPED)
            return true;
        bench_sleep_us(STOP_US);
    }
    return false;
}

/* A run that was ended from outside has left its driver behind. */
static bool service_start(void)
{
    if (scm.start(service, 0, NULL))
        return true;
    return GetLastError() == ERROR_SERVICE_ALREADY_RUNNING && service_stop() && scm.start(service, 0, NULL);
}

static void driver_load(void)
{
    char path[MAX_PATH];
    SC_HANDLE manager;

    scm_load();
    manager = scm.open_manager(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!manager)
        bench_die("no service manager: error %lu", GetLastError());
    snprintf(path, sizeof(path), "\\??\\C:\\windows\\system32\\drivers\\%s.sys", kind->driver);
    service = scm.create(manager, kind->driver, kind->driver, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                         SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, GROUP, NULL, NULL, NULL, NULL);
    if (!service)
        service = scm.open(manager, kind->driver, SERVICE_ALL_ACCESS);
    if (!service || !service_start())
        bench_die("%s.sys does not start: error %lu", kind->driver, GetLastError());
    snprintf(path, sizeof(path), "\\\\.\\%s", kind->driver);
    device = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (device == INVALID_HANDLE_VALUE)
        bench_die("%s.sys has no device: error %lu", kind->driver, GetLastError());
}

/* Before any result that is not to be believed, too, so that the next run finds nothing of this one. */
static void driver_unload(void)
{
    CloseHandle(device);
    service_stop();
    scm.remove(service);
}

static bool prefix_has(const char *module)
{
    char path[MAX_PATH];

    snprintf(path, sizeof(path), "C:\\windows\\system32\\drivers\\%s", module);
    return GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}

/* ---- passes ---- */

static uint64_t producers;

static struct kernel_answer ask(enum kernel_api api, uint64_t items, uint64_t threads)
{
    struct kernel_request request = {api, (uint32_t)items, (uint32_t)threads, DEADLINE_S};
    struct kernel_answer answer = {0};
    DWORD size = 0, error = 0;

    if (!DeviceIoControl(device, KERNEL_IOCTL_PASS, &request, sizeof(request), &answer, sizeof(answer), &size,
                         NULL))
        error = GetLastError();
    if (error || size != sizeof(answer)) {
        driver_unload();
        bench_die("the driver does not answer: error %lu", error);
    }
    return answer;
}

struct pass {
    double took_ns;
    double submit_ns; /* of a producer for one item */
    unsigned threads;
};

static struct pass flood(uint64_t items)
{
    struct kernel_answer answer = ask(kind->api, items, producers);

    if (answer.refused || answer.missing || answer.wrong) {
        driver_unload();
        bench_die("of %llu items %u were refused, %u did not run in time, %u not once",
                  (unsigned long long)items, answer.refused, answer.missing, answer.wrong);
    }
    if (!answer.ours)
        bench_served_told = "builtin";
    return (struct pass){bench_ns(answer.took_ticks), bench_ns(answer.submit_ticks) / (double)items,
                         answer.threads};
}

static double fixed(uint64_t items)
{
    return flood(items).took_ns;
}

static void growing(void)
{
    uint64_t items, next = 2000;
    struct pass pass;

    do {
        items = next;
        pass = flood(items);
        next = bench_next(items, pass.took_ns, KERNEL_ITEMS);
    } while (next != items);
    bench_result("rate", (double)items / pass.took_ns * 1e3, "M/s");
    bench_result("submit", pass.submit_ns, "ns/item");
    bench_result("threads", pass.threads, "threads");
}

static void run(void)
{
    uint64_t items = bench_param("items", 0);

    producers = bench_param("producers", 1);
    kind = &kinds[0];
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (bench_param(kinds[i].param, 0))
            kind = &kinds[i];
    }
    if (!producers || producers > KERNEL_PRODUCERS || items > KERNEL_ITEMS)
        bench_die("1 to %u producers, at most %u items", KERNEL_PRODUCERS, KERNEL_ITEMS);
    if (kind->module && !prefix_has(kind->module))
        bench_skip("Wine has no %s", kind->module);
    driver_load();
    bench_served_told = ask(KERNEL_NONE, 0, 0).ours ? "ours" : "builtin";
    if (kind->api == KERNEL_EX && *bench_served_told == 'b') {
        driver_unload();
        bench_skip("Wine's ExQueueWorkItem ends the process");
    }
    bench_ns(0); /* calibrates */
    if (items)
        bench_cost(items, fixed);
    else
        growing();
    driver_unload();
}

static const char *const cases[] = {"io=1",   "io=1 producers=4",   "ex=1", "ex=1 producers=4",
                                    "stor=1", "stor=1 producers=4", "rx=1", "rx=1 producers=4",
                                    NULL};
static const struct bench_growth growth[] = {
    {"items", "1 10 100 1000 10000 100000 1000000", "io=1", "cost", "ns/item"},
    {"items", "1 10 100 1000 10000 100000 1000000", "ex=1", "cost", "ns/item"},
    {"items", "1 10 100 1000 10000 100000 1000000", "stor=1", "cost", "ns/item"},
    {"items", "1 10 100 1000 10000 100000 1000000", "rx=1", "cost", "ns/item"},
    {0},
};

const struct bench_workload workload_kernel = {
    "kernel", "floods of kernel work items inside winedevice", BENCH_WIN32 | BENCH_KERNEL, cases, growth, run,
};
