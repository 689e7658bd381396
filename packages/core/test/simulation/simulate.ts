import { Random } from '../support/random.ts'
import { ACTIONS } from './actions.ts'
import { GROUP, TOPIC, World } from './world.ts'

export interface SimulationReport {
  readonly world: World
  readonly actions: readonly string[]
  /** What was promised and not kept. */
  readonly violations: readonly string[]
}

const MAX_HEALING_STEPS = 200

/** One short life of a group under faults, then its recovery; the seed repeats it. */
export async function simulate(seed: number): Promise<SimulationReport> {
  const random = new Random(seed)
  const world = new World(random)
  const actions: string[] = []
  world.produce(random.int(5, 40))
  world.addConsumer()
  await world.clock.advance(5)
  for (let step = random.int(5, 25); step > 0; step -= 1) {
    const [name, action] = random.pick(ACTIONS)
    actions.push(name)
    action(world, random)
    await world.clock.advance(random.pick([0, 1, 30, 250, 1_500]))
  }
  const violations = [...(await recover(world)), ...world.oracle.violations, ...(await wind(world))]
  return { world, actions, violations }
}

/** With no more faults everything that was produced is handled and committed. */
async function recover(world: World): Promise<string[]> {
  world.heal()
  // The others may all be about to stop.
  world.addConsumer()
  for (const { consumer } of world.alive) consumer.resume(TOPIC)
  await world.clock.advance(5_000)
  // Ends halts and zombies: whoever was thrown out and has not noticed must join anew.
  for (const member of world.broker.assignments(GROUP).keys()) world.broker.lose({ groupId: GROUP, member })
  for (let step = 0; step < MAX_HEALING_STEPS && unfinished(world).length > 0; step += 1) await world.clock.advance(500)
  return unfinished(world)
}

function unfinished(world: World): string[] {
  return Array.from({ length: world.partitions }, (_, partition) => partition).flatMap((partition) => {
    const end = world.broker.logEnd(TOPIC, partition)
    const committed = world.broker.committed(TOPIC, partition, GROUP)
    const offsets = world.broker.offsets(TOPIC, partition)
    const open =
      world.delivery === 'at-least-once' ? offsets.filter((offset) => !world.oracle.isDone(partition, offset)) : []
    if (open.length > 0) return [`partition ${partition}: ${open.length} records were never done, first ${open[0]}`]
    return offsets.length > 0 && committed < end ? [`partition ${partition}: committed ${committed} of ${end}`] : []
  })
}

/** Every consumer stops, and leaves nothing behind. */
async function wind(world: World): Promise<string[]> {
  const stopping = world.instances.map(({ consumer }) => consumer.stop().catch((error: unknown) => error))
  let isStopped = false
  void Promise.all([...stopping, ...world.instances.map(({ run }) => run)]).then((ends) => {
    isStopped = true
    failures = ends.filter((end) => end instanceof Error).map(String)
  })
  let failures: string[] = []
  for (let step = 0; step < 40 && !isStopped; step += 1) await world.clock.advance(500)
  if (!isStopped) return ['a consumer did not stop']
  await world.clock.advance(40_000)
  const timers = world.clock.pendingTimers
  return [...failures, ...(timers === 0 ? [] : [`${timers} timers outlive the consumers`])]
}
