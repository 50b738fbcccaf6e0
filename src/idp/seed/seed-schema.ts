import { z } from 'zod';

const name = z.string().min(1).max(200);
const minutes = (most: number) => z.number().int().min(1).max(most);
const scopeName = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'is not a scope name (RFC 6749 §3.3)');
const moment = z.iso.datetime({ offset: true, error: 'is not a time such as 2030-01-31T00:00:00Z' });
const redirectUri = z
  .string()
  .refine((text) => URL.canParse(text) && !text.includes('#'), 'is not an absolute URI without a fragment');

/** The grants a seed may name, by the names they have on the wire. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;

export const scopeSchema = z.strictObject({
  name: scopeName,
  description: z.string().max(1000).default(''),
  /** Stands in the server's metadata; Okta calls it `metadataPublish`. */
  published: z.boolean().default(false),
  /** Granted when a client asks for no scope at all. */
  default: z.boolean().default(false),
});

export const peopleSchema = z.union([
  z.literal('EVERYONE'),
  z.strictObject({ users: z.array(name).default([]), groups: z.array(name).default([]) }),
]);

export const ruleSchema = z.strictObject({
  name,
  /** Lower goes first; the place in the file when absent. */
  priority: z.number().int().min(1).optional(),
  active: z.boolean().default(true),
  /** The grant a user's or client's consent came by: a refresh counts as the grant that issued the refresh token. */
  grantTypes: z.array(z.enum(grantTypes).exclude(['refresh_token'])).min(1),
  people: peopleSchema.default('EVERYONE'),
  scopes: z.union([z.literal('*'), z.array(scopeName).min(1)]),
  accessTokenLifetimeMinutes: z.number().int().min(5).max(1440).default(60),
  /** 0: as long as the window is used. */
  refreshTokenLifetimeMinutes: z.number().int().min(0).max(2_628_000).default(0),
  refreshTokenWindowMinutes: z.number().int().min(10).max(2_628_000).default(10_080),
});

export const policySchema = z.strictObject({
  name,
  priority: z.number().int().min(1).optional(),
  active: z.boolean().default(true),
  clients: z.union([z.literal('ALL_CLIENTS'), z.array(name).min(1)]),
  rules: z.array(ruleSchema).default([]),
});

export const serverSchema = z.strictObject({
  /** Stands in the issuer: `/oauth2/ID`. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not a plain identifier of letters, digits, "-" and "_"'),
  name,
  /** Where the issuer stands: on the plain side or on the TLS side. */
  scheme: z.enum(['http', 'https']),
  audience: name,
  scopes: z.array(scopeSchema).default([]),
  /** Servers whose tokens this one takes as subject tokens; Okta calls them trusted servers. */
  trusts: z.array(name).default([]),
  /** Lets clients register themselves (RFC 7591). */
  registration: z.boolean().default(false),
  /** Takes an https URL as client id and reads the client's metadata there; this provider then makes requests to others. */
  clientIdMetadataDocuments: z.boolean().default(false),
  /** Further names of the API (flavour entra: its other Application ID URIs). */
  identifiers: z.array(name).default([]),
  /** Wants a stronger sign-in than a password before a token is exchanged for it (flavour entra: Conditional Access). */
  multifactor: z.boolean().default(false),
  /** What else Conditional Access wants of whoever a token for this API is issued for, and they have not (flavour entra). */
  conditionalAccess: z
    .enum(['enrolment', 'compliant-device', 'joined-device', 'approved-app', 'block', 'sign-in-frequency'])
    .optional(),
  /** Switched off: nobody gets a token for it (flavour entra: the enterprise application of the API). */
  disabled: z.boolean().optional(),
  /** `acceptMappedClaims` in the API's manifest (flavour entra). */
  acceptMappedClaims: z.boolean().optional(),
  /** Scopes are the users' permissions, too (flavour auth0: RBAC). */
  rbac: z.boolean().optional(),
  /** How its tokens are signed (flavour auth0: a secret of the API's own with HS256). */
  signingAlgorithm: z.enum(['RS256', 'HS256']).optional(),
  /** Binds its tokens to the key that a client proves, or issues none without (flavour auth0: Token Sender-Constraining by DPoP;
   * tokens are never bound when absent).
   */
  senderConstraining: z.enum(['allowed', 'required']).optional(),
  /** What every third-party app may ask for (flavour auth0: Default Permissions for Third-Party Applications); nothing when
   * absent.
   */
  thirdPartyScopes: z.union([z.literal('*'), z.array(scopeName).min(1)]).optional(),
  /** Okta refuses an authorization request without `state`. */
  requireState: z.boolean().default(true),
  policies: z.array(policySchema).default([]),
});

export const appSchema = z.strictObject({
  clientId: z.string().regex(/^[\x21-\x7e]{1,100}$/, 'is not a client id of printable characters without spaces'),
  /** A public client when absent. */
  clientSecret: z
    .string()
    .regex(/^[\x21-\x7e]{8,200}$/, 'is not a secret of 8 to 200 printable characters without spaces')
    .optional(),
  label: name,
  type: z.enum(['web', 'native', 'browser', 'service']),
  grantTypes: z.array(z.enum(grantTypes)).min(1),
  redirectUris: z.array(redirectUri).default([]),
  postLogoutRedirectUris: z.array(redirectUri).default([]),
  /** Tokens only for who proves a key (RFC 9449). Okta's default for new service apps. */
  requireDpop: z.boolean().default(false),
  /** The server this app answers for, by its id (flavour auth0: the API of a Custom API Client). */
  api: name.optional(),
  /** Whoever has its id is taken for it, secret or not (flavour keycloak: Client authentication off). */
  publicClient: z.boolean().optional(),
  /** Switched off (flavour entra: the enterprise application of the client). */
  disabled: z.boolean().optional(),
  /** When its secret ends (flavour entra). */
  clientSecretExpiresAt: moment.optional(),
  /** How it proves who it is; where that is a key, no secret will do (flavour auth0: Private Key JWT). */
  authenticatesBy: z.enum(['secret', 'key']).optional(),
  /** Belongs to somebody else, and may do little (flavour auth0: third-party applications with enhanced security controls). */
  thirdParty: z.boolean().optional(),
  /** Other tenants may use it as well (flavour entra). */
  multitenant: z.boolean().optional(),
  assigned: peopleSchema.default('EVERYONE'),
  consent: z.enum(['implicit', 'required']).default('implicit'),
});

export const userSchema = z.strictObject({
  login: name,
  password: z.string().min(1).max(1024),
  name,
  email: z.email().optional(),
  groups: z.array(name).default([]),
  /** May not sign in, nor be acted for (flavours entra and auth0). */
  disabled: z.boolean().optional(),
  /** Tokens from before are revoked (flavour entra: "Revoke sessions"). */
  tokensValidFrom: moment.optional(),
  /** Scopes of APIs with `rbac` (flavour auth0). */
  permissions: z.array(scopeName).optional(),
});

/** The seed file: one org with all that an administrator would have set up in its console. */
export const seedSchema = z.strictObject({
  org: name,
  lifetimes: z
    .strictObject({
      authorizationCodeSeconds: z.number().int().min(5).max(600).default(60),
      deviceCodeSeconds: z.number().int().min(1).max(3600).default(600),
      /** How often an app on another device may ask whether somebody signed in. */
      devicePollSeconds: z.number().int().min(1).max(60).default(5),
      idTokenMinutes: minutes(1440).default(60),
      sessionMinutes: minutes(43_200).default(120),
    })
    .prefault({}),
  /** Token requests a minute; 0 is a limit that is used up (flavours entra and auth0). */
  tokenRequestsPerMinute: z.number().int().min(0).optional(),
  /** Further tenants in the same cloud, by id or domain, with nobody and nothing in them (flavour entra). */
  otherTenants: z.array(name).optional(),
  /** Takes `resource` for `audience` (flavour auth0: Resource Parameter Compatibility Profile). */
  resourceParameter: z.boolean().optional(),
  /** Lets apps register themselves, as third-party ones in this security mode (flavour auth0: Dynamic Client Registration). */
  registration: z.enum(['strict', 'permissive']).optional(),
  /** Third-party apps can sign people in (flavour auth0: the connection is promoted to domain level). */
  domainConnection: z.boolean().optional(),
  /** What an Action of the post-login trigger denies exchanges with, in its own words (flavour auth0). */
  actionDenies: name.optional(),
  /** May be none: then they are made through the management API. */
  servers: z.array(serverSchema).default([]),
  apps: z.array(appSchema).default([]),
  users: z.array(userSchema).default([]),
});

export type Seed = z.output<typeof seedSchema>;
export type SeedServer = Seed['servers'][number];
export type SeedPolicy = SeedServer['policies'][number];
export type SeedRule = SeedPolicy['rules'][number];
export type SeedApp = Seed['apps'][number];
export type SeedUser = Seed['users'][number];
export type SeedPeople = SeedApp['assigned'];
export type GrantType = (typeof grantTypes)[number];
