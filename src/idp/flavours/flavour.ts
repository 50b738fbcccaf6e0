import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWTPayload } from 'jose';
import type { Seed, SeedApp, SeedServer, SeedUser } from '../seed/seed-schema.ts';
import type { SigningKeys } from '../signing-keys.ts';
import type { IdpOptions } from '../running-idp.ts';
import type { FlavourName } from './flavour-name.ts';
import type { RegisteredApps } from './registered-apps.ts';
import type { SeenProofs } from './seen-proofs.ts';
import type { Sessions } from './sessions.ts';
import type { RefusalRow, TokenRefusal } from './token-refusal.ts';

/** Where everything stands: paths from the origin on. */
export interface Layout {
  readonly issuer: string;
  readonly authorize: string;
  readonly token: string;
  readonly keys: string;
  /** Every path at which the metadata answers. */
  readonly metadata: readonly string[];
}

/** One issuer for all APIs, which is what Okta's custom authorization servers are not: a realm, a tenant. */
export interface Tenant {
  readonly flavour: Flavour;
  readonly seed: Seed;
  readonly origin: string;
  readonly issuer: string;
  readonly layout: Layout;
  /** As of now: a rotation changes them. */
  keys(): SigningKeys;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly log: NonNullable<IdpOptions['log']>;
  /** New at every start. */
  readonly secret: string;
  /** Who is signed in. */
  readonly sessions: Sessions;
  /** Apps that registered themselves. */
  readonly registered: RegisteredApps;
  /** Proofs of possession that came already. */
  readonly proofs: SeenProofs;
}

/** Answers at one path. */
export type TenantEndpoint = (tenant: Tenant, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What a request is for: APIs by the seed's servers, scopes of theirs and of OpenID Connect. */
export interface Asked {
  readonly apis: readonly SeedServer[];
  /** By the names the seed has. */
  readonly scopes: readonly string[];
}

/** What tokens are issued for. */
export interface Granted extends Asked {
  readonly app: SeedApp;
  readonly user: SeedUser;
  readonly lifetimeSeconds: number;
  /** Of the sign-in; seconds since the epoch. */
  readonly authTime: number;
  /** Of the sign-in, the same in all its tokens. */
  readonly sessionId: string;
  /** Did the client ask for a stronger sign-in, and get it? */
  readonly isStrong: boolean;
  /** Who acts for the user, and for whom that one acts (RFC 8693 §4.1). */
  readonly act?: unknown;
  /** Thumbprint of the key it is bound to (RFC 9449 §6.1). */
  readonly jkt?: string | undefined;
}

export type Parameters = Readonly<Record<string, string>>;

/** What becomes a token. */
export interface TokenContent {
  readonly header: Record<string, string>;
  readonly claims: JWTPayload;
  /** Signed with a secret (HS256), or for nobody but the provider to read (RFC 7516); with its key when absent. */
  readonly protection?: 'secret' | 'encrypted';
}

/** All that is particular to one provider's imitation. */
export interface Flavour {
  readonly name: FlavourName;
  /** As its makers write it. */
  readonly title: string;
  /** The countries scenario, set up as one would there. */
  readonly defaultSeed: string;
  layout(seed: Seed): Layout;
  /** What its metadata says differently; undefined leaves a member out. */
  metadata(tenant: Tenant): Readonly<Record<string, unknown>>;
  /** What an authorization request is for.
   * @throws TokenRefusal
   */
  readAuthorization(tenant: Tenant, app: SeedApp, parameters: Parameters): Asked;
  /** Whether a refused authorization request of this app ends with a page instead of at its redirect URI; never when absent. */
  showsErrors?(app: SeedApp): boolean;
  /** Signing in on another device. */
  readonly device: DeviceDialect;
  /** Grant by which a token is swapped. */
  readonly exchangeGrant: string;
  /** Thumbprint of the key that a token request proves; absent where there is no such thing as a proof.
   * @throws TokenRefusal
   */
  readProof?(
    tenant: Tenant,
    request: IncomingMessage,
    asking: { readonly app: SeedApp; readonly parameters: Parameters },
  ): Promise<string | undefined>;
  /** Headers of every answer of its token endpoint. */
  tokenHeaders?(tenant: Tenant): Readonly<Record<string, string>>;
  /** @throws TokenRefusal */
  exchange(tenant: Tenant, app: SeedApp, parameters: Parameters): Promise<Granted>;
  accessToken(tenant: Tenant, granted: Granted): TokenContent;
  /** `sub` of its ID tokens, and what else they say of the user. */
  describeUser(tenant: Tenant, user: SeedUser, app: SeedApp): JWTPayload;
  /** What its answers say beside token, type and lifetime. */
  answer(tenant: Tenant, granted: Granted, isExchange: boolean): Readonly<Record<string, unknown>>;
  readonly refusals: CommonRefusals;
  refusalBody(tenant: Tenant, refusal: TokenRefusal): Readonly<Record<string, unknown>>;
  /** What it answers beside sign-in, tokens, keys and metadata, by path. */
  endpoints?(layout: Layout): Readonly<Record<string, TenantEndpoint>>;
  /** Its answer where nothing is, when it has one of its own: another realm, another tenant. */
  findElsewhere?(
    tenant: Tenant,
    path: string,
    readApp: () => Promise<SeedApp>,
  ): TokenRefusal | undefined | Promise<TokenRefusal | undefined>;
  /** A path by which the same answers, as {@link Layout} has it. */
  pathOf?(tenant: Tenant, path: string): string;
  /** Metadata that are not this tenant's, where it serves such. */
  metadataElsewhere?(tenant: Tenant, path: string): Readonly<Record<string, unknown>> | undefined;
}

/** How each provider says what all of them have to say. */
export interface CommonRefusals {
  readonly clientUnknown: RefusalRow;
  readonly secretMissing: RefusalRow;
  readonly secretInvalid: RefusalRow;
  readonly grantUnsupported: RefusalRow;
  readonly grantNotAllowed: RefusalRow;
  readonly codeInvalid: RefusalRow;
  readonly refreshTokenInvalid: RefusalRow;
  readonly parameterMissing: RefusalRow;
  readonly dpopMissing: RefusalRow;
  /** A refresh token comes without a proof of the key it is bound to; as one that is unknown when absent. */
  readonly refreshProofInvalid?: RefusalRow;
  /** The rule of no API covers what was asked for. */
  readonly scopeNotGranted: RefusalRow;
  readonly userNotAllowed: RefusalRow;
  /** The client may ask for the API, though not for this of it; as where it may not ask at all when absent. */
  readonly scopeNotAmongGranted?: RefusalRow;
  /** Told where a user who is disabled signs in; a page says it where it is absent. */
  readonly userBlocked?: RefusalRow;
  /** Told only by providers that have it; others take such a client for an unknown one. */
  readonly clientDisabled?: RefusalRow;
  /** Others say that the secret is wrong. */
  readonly secretExpired?: RefusalRow;
  /** A public client sent a secret; others do not mind. */
  readonly secretUnwanted?: RefusalRow;
  /** An assertion (RFC 7523 §2.2) by a key that is not the client's; a seed knows nobody's. */
  readonly assertionUnknown?: RefusalRow;
  /** More requests than are taken; there is no limit when absent. */
  readonly tooManyRequests?: RefusalRow;
}

/** How one provider speaks the device authorization grant (RFC 8628). */
export interface DeviceDialect {
  /** Path of the device authorization endpoint (§3.1). */
  endpoint(layout: Layout): string;
  /** Path of the page where a person types the code in (§3.3). */
  page(layout: Layout): string;
  readonly userCode: UserCodeForm;
  /** Is there an address with the code in it (§3.3.1)? */
  readonly hasCompleteUri: boolean;
  /** What a person does once the code is known. Nobody is let in without having confirmed (§5.4). */
  readonly steps: readonly VerificationStep[];
  /** Which app asks for codes, and may it?
   * @throws TokenRefusal
   */
  admit(tenant: Tenant, request: IncomingMessage, parameters: Parameters): SeedApp;
  /** What is asked for; as at the authorization endpoint when absent.
   * @throws TokenRefusal
   */
  readRequest?(tenant: Tenant, app: SeedApp, parameters: Parameters): Asked;
  /** May this app, which has proved who it is, ask for tokens?
   * @throws TokenRefusal
   */
  checkPoll(tenant: Tenant, app: SeedApp): void;
  /** What its answer has beside RFC 8628's members (§3.2). */
  more?(codes: { readonly userCode: string; readonly uri: string }): Readonly<Record<string, unknown>>;
  /** Takes a code challenge with the request for codes, and the verifier with each poll (RFC 7636). */
  readonly takesChallenge: boolean;
  /** Says once that a code is over, then that it knows none such. */
  readonly forgetsExpired: boolean;
  readonly refusals: DeviceRefusals;
}

export interface UserCodeForm {
  readonly letters: string;
  /** How many letters between the dashes. */
  readonly groups: readonly number[];
}

export type VerificationStep = 'confirm' | 'sign-in';

/** Why there are no tokens (§3.5). */
export interface DeviceRefusals {
  readonly codeMissing: RefusalRow;
  readonly codeUnknown: RefusalRow;
  /** Another app's; as one that is unknown when absent. */
  readonly codeOfAnother?: RefusalRow;
  readonly pending: RefusalRow;
  /** Asked too soon; never said when absent. `{interval}` is the seconds between two polls. */
  readonly slowDown?: RefusalRow;
  readonly denied: RefusalRow;
  readonly expired: RefusalRow;
  readonly verifierMissing?: RefusalRow;
  readonly verifierWrong?: RefusalRow;
}
