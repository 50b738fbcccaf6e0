import type { FlavourName } from './flavours/flavour-name.ts';

/** How to start the development identity provider. */
export interface IdpOptions {
  /** Whom it imitates; Okta when absent. */
  readonly flavour?: FlavourName | 'okta';
  /** YAML seed file; the built-in seed (the countries scenario) when absent. */
  readonly seedFile?: string;
  /** Every app gets tokens only with a proof of its key (DPoP), whatever the seed says. */
  readonly requireDpop?: boolean;
  readonly host?: string;
  /** Port of the plain-http side; 0 takes a free one. */
  readonly httpPort: number;
  /** Port of the TLS side; 0 takes a free one. */
  readonly httpsPort: number;
  /** Folder for signing keys, the CA and its certificate; made with mode 0700. */
  readonly stateDir: string;
  /** One line per thing an operator wants to see (token issued, refused and why). Never token material. */
  readonly log?: (line: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** A started development identity provider. What it says of servers, apps and users is as they are when it is asked. */
export interface RunningIdp extends AsyncDisposable {
  readonly httpUrl: string;
  readonly httpsUrl: string;
  /** PEM file of the CA that signed the TLS side's certificate. */
  readonly caFile: string;
  /** File with the token of the management API, which is under `/api/v1` of both sides; absent where there is none. */
  readonly apiTokenFile?: string;
  readonly servers: readonly {
    readonly id: string;
    readonly name: string;
    readonly issuer: string;
    readonly audience: string;
    readonly jwksUrl: string;
    readonly tokenUrl: string;
    readonly authorizeUrl: string;
    readonly scopes: readonly string[];
  }[];
  readonly apps: readonly {
    readonly clientId: string;
    readonly clientSecret: string | undefined;
    readonly label: string;
    readonly redirectUris: readonly string[];
  }[];
  /** Those of the seed, whose passwords are public. */
  readonly users: readonly { readonly login: string; readonly password: string; readonly name: string }[];
  /** Makes a new signing key for one server (all when absent); the old one stays published until `retire`. */
  rotateKeys(serverId?: string): Promise<void>;
  close(): Promise<void>;
}
