import { readRequest } from '../requests/mail-request.ts'
import type { Arm } from './arm.ts'
import { runRaw } from './raw-consumer.ts'

/** kafkajs beats after each message, and commits at the end of the batch. */
export const rawEachMessage: Arm = {
  name: 'raw-each-message',
  title: 'kafkajs eachMessage',
  members: 2,
  run: (place, ports) =>
    runRaw(place, ports, { eachMessage: ({ message }) => ports.handle(readRequest(message.value)) }),
}
