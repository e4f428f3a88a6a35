/*
 * receipt.c: replies. A callback with RTWQ_REPLY_CALLBACK in a serial queue gets a receipt in place of its
 * result; the queue goes on when the receipt is invoked or put, or when its last reference goes: nobody could
 * reply then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtwq.h"

static const char receipt_operation;

struct rtwq_result *rtwq_receipt_create(void)
{
    struct rtwq_result *receipt = rtwq_result_create(NULL, NULL, NULL);

    if (receipt)
        receipt->operation = &receipt_operation;
    return receipt;
}

void rtwq_receipt_arm(struct rtwq_result *receipt, struct rtwq_queue *queue)
{
    wq_queue_hold(queue->core); /* which keeps the queue, too */
    InterlockedExchangePointer((void **)&receipt->reply, queue);
}

bool rtwq_receipt_reply(IRtwqAsyncResult *result)
{
    struct rtwq_result *receipt = rtwq_result_from(result);
    struct rtwq_queue *queue;

    if (!receipt || receipt->operation != &receipt_operation)
        return false;
    queue = InterlockedExchangePointer((void **)&receipt->reply, NULL);
    if (queue)
        wq_queue_resume(queue->core);
    return true;
}
