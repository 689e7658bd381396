/** A server that tests use: one that runs already, or one of their own. */
export interface TestServer extends AsyncDisposable {
  readonly url: string
  /** The one line that says which way was taken, and why not those before it. */
  readonly description: string
  /**
   * The process of a server of one's own, for fault tests: `kill`, SIGSTOP, and the same port and data when it is started
   * again.
   */
  readonly process: ServerProcess | undefined
  /** Ends what this call started; a server that ran before goes on. */
  stop(): Promise<void>
}

/** The process of a server that a test may break; each resolves when it is done. */
export interface ServerProcess {
  start(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Options of `redis` and `postgres`. */
export interface TestServerOptions {
  /** A server that nobody else uses, so that it may be broken. @default false */
  readonly own?: boolean
  /** More arguments for the program, as `['--maxmemory', '2mb']`; only with `own`. */
  readonly args?: readonly string[]
  /** Receives the line that says which way was taken. @default writes to stderr */
  readonly log?: (line: string) => void
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv
}

/** One rung of a ladder. What it throws ends the search. */
export interface ServerWay {
  readonly label: string
  readonly isOwn: boolean
  bringUp(request: ServerRequest): Promise<ServerFound | ServerAbsent>
}

export interface ServerRequest {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

export interface ServerFound {
  readonly url: string
  readonly title: string
  readonly process?: ServerProcess
  dispose(): Promise<void>
}

export interface ServerAbsent {
  readonly absent: string
  readonly remedy?: string
}
