/** Environment names beginning with USHER_ that are no settings of the gateway, and what they are for. */
export const otherEnvironment: ReadonlyMap<string, string> = new Map([
  ['USHER_CONFIG', 'Configuration file, as --config'],
  ['USHER_TOKEN', 'Token that `usher token inspect` looks at, so that it need not stand in the list of processes'],
  ['USHER_IDP_SEED', 'Seed file of `usher idp`, as --seed'],
  ['USHER_IDP_HOST', 'Address `usher idp` listens on, as --host'],
  ['USHER_IDP_HTTP_PORT', 'Plain-http port of `usher idp`, as --http-port'],
  ['USHER_IDP_HTTPS_PORT', 'TLS port of `usher idp`, as --https-port'],
  ['USHER_IDP_STATE_DIR', 'Folder of keys and certificates of `usher idp`, as --state-dir'],
  ['USHER_REGISTRY', 'Where servers are looked up, as --registry; several with commas between them'],
  ['USHER_SECRETS_FILE', 'File of the secret store; by default `usher/secrets.json` in the folder for data'],
  ['USHER_SECRETS_KEY', 'Who keeps the key of a new secret store: `password`, `keyring` or `file`; the first there is'],
  ['USHER_SECRETS_KEY_FILE', 'Where a file keeps it; by default `usher/secrets.key` in the folder for configuration'],
  ['USHER_SECRETS_PASSWORD', 'Password of the secret store'],
  ['USHER_SECRETS_PASSWORD_FILE', 'File with the password of the secret store'],
  ['USHER_SECRET_VALUE', 'What `usher secret set` keeps, where it comes neither from stdin nor from a person'],
  ['USHER_CLIENT_SECRET', "Secret of people's client, for `usher doctor --sign-in`"],
  ['USHER_OKTA_ORG', 'Org of `usher setup okta`, as --org'],
  ['USHER_OKTA_API_TOKEN', 'API token of an Okta org, for `usher setup okta` and `usher doctor`'],
  [
    'USHER_KEYCLOAK_ADMIN_PASSWORD',
    'Password of an administrator of Keycloak, for `usher setup keycloak` and `usher doctor`',
  ],
]);
