/** The parts of peers without types of their own that the bench calls. */

declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface VerifyOptions {
    readonly algorithms: readonly string[]
    readonly issuer: string
    readonly audience: string
  }
  interface SignOptions {
    readonly algorithm: string
    readonly keyid: string
    readonly header: { readonly typ: string }
  }
  const jsonwebtoken: {
    verify(token: string, key: KeyObject, options: VerifyOptions): unknown
    sign(claims: object, key: KeyObject, options: SignOptions): string
  }
  // biome-ignore lint/style/noDefaultExport: the peer's own way
  export default jsonwebtoken
}

declare module 'express-session' {
  interface Options {
    readonly secret: string
    readonly resave: boolean
    readonly saveUninitialized: boolean
    readonly store: Store
  }
  export interface SessionData {
    readonly cookie: object
  }
  export class Store {
    set(id: string, session: object, done: (error?: unknown) => void): unknown
  }
  class MemoryStore extends Store {}
  type Middleware = (req: object, res: object, next: (error?: unknown) => void) => void
  const expressSession: ((options: Options) => Middleware) & { readonly MemoryStore: typeof MemoryStore }
  // biome-ignore lint/style/noDefaultExport: the peer's own way
  export default expressSession
}

declare module 'pg' {
  interface Answer {
    readonly rows: Record<string, unknown>[]
    readonly rowCount: number | null
  }
  interface PoolClient {
    query(text: string, values?: readonly unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    off(event: string, listener: (...given: never[]) => void): this
    release(destroy?: boolean): void
  }
  export class Pool {
    constructor(options: { readonly connectionString: string; readonly max?: number })
    connect(): Promise<PoolClient>
    query(text: string, values?: readonly unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    end(): Promise<void>
  }
}
