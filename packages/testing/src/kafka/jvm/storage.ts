import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { CLUSTER_ID } from '../cluster-id.ts'

const CHECKPOINT_PATH = '__cluster_metadata-0/00000000000000000000-0000000000.checkpoint'

/**
 * What `StorageTool format` of Kafka 4.4.0 writes with static voters: the feature levels and
 * nothing else, so it fits every node. Writing it saves a JVM start. Without it the broker starts
 * with `metadata.version` only, that is without KIP-848 groups and current transactions. It has to
 * be made anew when the Kafka version moves.
 */
const CHECKPOINT_BASE64 =
  'AAAAAAAAAAAAAABHAAAAAAIZ5kGRACAAAAAAAAABogbzQ4kAAAGiBvNDif//////////////////AAAAASoAAAAIAAAA' +
  'AxYAAAAAAaIG80NoAAAAAAAAAAAAAQAAAPEAAAAAAoZBXBoAAAAAAAUAAAGiBvNDowAAAaIG80Oj////////////////' +
  '//8AAAAGOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNpb24AIQAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNh' +
  'cy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAADQAAAYBKAEMAA5zaGFyZS52ZXJzaW9uAAIAADgA' +
  'AAgBLAEMABBzdHJlYW1zLnZlcnNpb24AAQAAQAAACgE0AQwAFHRyYW5zYWN0aW9uLnZlcnNpb24AAgAAAAAAAAAAAAcA' +
  'AAA/AAAAAAIZ6AbXACAAAAAAAAABogbzQ6gAAAGiBvNDqP//////////////////AAAAARoAAAAIAAAABAYAAAAA'

/** Makes a folder what a broker expects as its formatted log directory. */
export async function formatLogDir(dir: string, nodeId: number): Promise<void> {
  const checkpoint = join(dir, CHECKPOINT_PATH)
  await mkdir(dirname(checkpoint), { recursive: true })
  const meta = `version=1\ncluster.id=${CLUSTER_ID}\nnode.id=${nodeId}\n`
  await writeFile(join(dir, 'meta.properties'), meta)
  await writeFile(checkpoint, Buffer.from(CHECKPOINT_BASE64, 'base64'))
}
