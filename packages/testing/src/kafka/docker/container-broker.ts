import type { ContainerRuntimeClient } from 'testcontainers'

import type { BrokerHost } from '../broker-host.ts'

const GRACE_S = 15
const LOG_TAIL_LINES = 15

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>

/** A broker in a container. Each action looks at its state first, since Docker refuses repeats. */
export function containerBroker(container: Container): BrokerHost {
  const state = async () => (await container.inspect()).State

  async function resume(): Promise<void> {
    if ((await state()).Paused) await container.unpause()
  }

  return {
    id: 1,
    async start() {
      if (!(await state()).Running) await container.start()
    },
    async stop() {
      await resume()
      if ((await state()).Running) await container.stop({ t: GRACE_S })
    },
    async kill() {
      if (!(await state()).Running) return
      await container.kill({ signal: 'SIGKILL' })
      await container.wait()
    },
    async pause() {
      const { Running, Paused } = await state()
      if (Running && !Paused) await container.pause()
    },
    resume,
    async failure() {
      const { Running, ExitCode } = await state()
      if (Running) return undefined
      return `the container ended (code ${ExitCode})${await logTail(container)}`
    },
  }
}

async function logTail(container: Container): Promise<string> {
  const tail = await container.logs({ stdout: true, stderr: true, tail: LOG_TAIL_LINES })
  const text = withoutFrames(tail).trim()
  return text === '' ? '' : `; the end of its log:\n${text}`
}

/** Docker sends stdout and stderr as one stream of frames: 8 bytes of header, the last 4 a length. */
function withoutFrames(stream: Buffer): string {
  let text = ''
  for (let at = 0; at + 8 <= stream.length; ) {
    const end = at + 8 + stream.readUInt32BE(at + 4)
    text += stream.toString('utf8', at + 8, end)
    at = end
  }
  return text
}
