/** Environment names beginning with USHER_ that are no settings of the gateway, and what they are for. */
export const otherEnvironment: ReadonlyMap<string, string> = new Map([
  ['USHER_CONFIG', 'Configuration file, as --config'],
  ['USHER_TOKEN', 'Token that `usher token inspect` looks at, so that it need not stand in the list of processes'],
  ['USHER_IDP_SEED', 'Seed file of `usher idp`, as --seed'],
  ['USHER_IDP_HOST', 'Address `usher idp` listens on, as --host'],
  ['USHER_IDP_HTTP_PORT', 'Plain-http port of `usher idp`, as --http-port'],
  ['USHER_IDP_HTTPS_PORT', 'TLS port of `usher idp`, as --https-port'],
  ['USHER_IDP_STATE_DIR', 'Folder of keys and certificates of `usher idp`, as --state-dir'],
  ['USHER_CLIENT_SECRET', "Secret of people's client, for `usher doctor --sign-in`"],
  ['USHER_OKTA_ORG', 'Org of `usher setup okta`, as --org'],
  ['USHER_OKTA_API_TOKEN', 'API token of an Okta org, for `usher setup okta` and `usher doctor`'],
  [
    'USHER_KEYCLOAK_ADMIN_PASSWORD',
    'Password of an administrator of Keycloak, for `usher setup keycloak` and `usher doctor`',
  ],
]);
