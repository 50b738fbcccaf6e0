import type { Secret } from '../../../model/secret.ts';

/** Where the realm is, and who may change it. */
export interface KeycloakAdmin {
  /** Of Keycloak itself, without a slash at the end. */
  readonly url: string;
  readonly realm: string;
  /** Where the administrator signs in. */
  readonly adminRealm: string;
  readonly user: string;
  readonly password: Secret;
}

/** What the scenario's parts are called in the realm. */
export interface KeycloakNames {
  /** The gateway's client. Keycloak exchanges a token only for a client in its audience, so this is the callers' audience as
   * well.
   */
  readonly gateway: string;
  /** The client that stands for the API: its name is the audience of the API's tokens. */
  readonly api: string;
  /** What people's MCP client signs in with. */
  readonly mcpClient: string;
  readonly redirectUris: readonly string[];
  /** What every call needs. */
  readonly callScope: string;
  /** What the gateway asks for in the API's tokens. */
  readonly apiScope: string;
}
