/** As much of pg as is used here; its types are a package of their own. */
declare module 'pg' {
  interface Answer {
    readonly rows: Record<string, unknown>[]
    readonly rowCount: number | null
  }

  export interface PoolClient {
    query(text: string, values?: unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    off(event: string, listener: (...given: never[]) => void): this
    release(destroy?: boolean): void
  }

  export class Pool {
    constructor(options: { readonly connectionString: string; readonly max?: number })
    connect(): Promise<PoolClient>
    connect(onClient: (error: Error | undefined, client: PoolClient | undefined) => void): void
    query(text: string, values?: unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    end(): Promise<void>
  }
}
