import { expect, test } from 'vitest'
import { Transactions, type TransactionsPorts } from '../../src/transact/transactions.ts'
import { quietLogger } from '../support/quiet-logger.ts'

/** Nobody listens there, so that the claim fails, and names its id. */
const idOf = async (prefix: string, topic: string): Promise<string> => {
  const config = { brokers: ['127.0.0.1:1'], connectionTimeoutMs: 100 }
  const context = { groupId: prefix, logger: quietLogger }
  const transactions = new Transactions({ config, context, prefix, owns: () => true } as unknown as TransactionsPorts)
  const error = await transactions.claim([{ topic, partition: 0 }], []).catch((e: Error) => e)
  return /transactional id (\S+)/.exec((error as Error).message)?.[1] ?? ''
}

test('groups of different names have different transactional ids, whatever topics they read', async () => {
  const ids = await Promise.all([idOf('shop', 'eu.orders'), idOf('shop.eu', 'orders')])
  expect(new Set(ids).size).toBe(2)
}, 30_000)
