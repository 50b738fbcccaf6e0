import type { Org } from '../org.ts';

/** What a handler of the management API works on. */
export interface ApiContext {
  readonly org: Org;
  /** Origin of the side the request came on: what is made there stands there, and links lead there. */
  readonly base: string;
  readonly scheme: 'http' | 'https';
  /** The issuer of a server, wherever it stands. */
  issuerOf(server: { readonly id: string; readonly scheme: 'http' | 'https' }): string;
  /** Makes a server that was just added answer. */
  open(serverId: string): Promise<void>;
  rotateKeys(serverId: string): Promise<void>;
}

export interface ApiRequest {
  /** What stands in the path for the route's `:name`s. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly path: string;
  /** The JSON body; undefined when there was none. */
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with `:name` for what varies. */
  readonly path: string;
  handle(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> | ApiAnswer;
}

export const noContent: ApiAnswer = { status: 204 };
