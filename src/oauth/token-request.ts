import type { ClientAuth } from 'oauth4webapi';
import type { HttpClient } from '../lib/http-client.ts';

/** How a client proves to a token endpoint who it is. */
export interface ClientAuthentication {
  readonly clientId: string;
  /** Adds the proof to a request. */
  readonly authenticate: ClientAuth;
  /** The proof in every form it is sent in: no refusal may quote it. */
  readonly secrets: readonly string[];
  /** Whose connections carry the proof, where they do (RFC 8705). */
  readonly http?: () => HttpClient;
}

/** Whose token is handed in, for whose sake a refusal of it would be. */
export type SubjectOf = 'caller' | 'earlier step' | 'gateway';

/** What an answer holds: what an exchange issues and says the type of (RFC 8693 §2.2.1), the access token of any other
 * grant (RFC 6749 §5.1), or one of the two that are no access tokens and go to another token endpoint only.
 */
export type AnswerKind = 'exchanged' | 'granted' | 'id_token' | 'id-jag';

/** What a credential asks a token endpoint for. */
export interface TokenRequest {
  readonly grantType: string;
  /** Beside the grant type and the client's proof. */
  readonly parameters: URLSearchParams;
  /** The token must be meant for one of them; empty when that is not checked. */
  readonly audience: readonly string[];
  /** The token must have all of them. */
  readonly scopes: readonly string[];
  /** What is handed in: it must not come back, and no refusal may quote it. Undefined where the gateway asks for itself. */
  readonly callerToken: string | undefined;
  /** Other tokens that go along, for which the same holds. */
  readonly otherTokens?: readonly string[];
  /** `exchanged` when absent. */
  readonly answer?: AnswerKind;
  /** `caller` when absent. */
  readonly subjectOf?: SubjectOf;
  /** What a granted scope is called in `scopes`, where the provider writes it in two ways. */
  readonly nameScope?: (scope: string) => string;
}
