import { expect, test } from 'vitest'
import { Line } from '../../src/middleware/waiting.ts'

test('who is told to end leaves the line at once, and those behind still wait for those before', async () => {
  const line = new Line()
  const leaving = new AbortController()
  const staying = new AbortController().signal
  const order: string[] = []
  const leave = await line.enter(staying)
  const second = line.enter(leaving.signal)
  const third = line.enter(staying).then(() => order.push('third'))
  leaving.abort(new Error('told to end'))
  await expect(second).rejects.toThrow('told to end')
  order.push('first leaves')
  leave()
  await third
  expect(order).toEqual(['first leaves', 'third'])
})
