import type { ClientAuth } from 'oauth4webapi';

/** How a client proves to a token endpoint who it is. */
export interface ClientAuthentication {
  readonly clientId: string;
  /** Adds the proof to a request. */
  readonly authenticate: ClientAuth;
  /** The proof in every form it is sent in: no refusal may quote it. */
  readonly secrets: readonly string[];
}

/** What a credential asks a token endpoint for. */
export interface TokenRequest {
  readonly grantType: string;
  /** Beside the grant type and the client's proof. */
  readonly parameters: URLSearchParams;
  /** The token must be meant for one of them; empty when that is not checked. */
  readonly audience: readonly string[];
  /** The token must have all of them. */
  readonly scopes: readonly string[];
  /** What is handed in: it must not come back, and no refusal may quote it. */
  readonly callerToken: string;
}
