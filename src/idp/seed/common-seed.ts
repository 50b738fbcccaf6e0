/** Parts of every default seed: who signs in, and with what. */

/** Their client ids are the provider's own kind of name.
 * @param demoGrants what the demo client may beside signing in with a browser, as YAML
 */
export function mcpClients(vscode: string, demo: string, demoGrants: readonly string[] = []): string {
  return `  - clientId: ${vscode}
    clientSecret: vscode-development-secret
    label: Visual Studio Code
    type: web
    grantTypes: [authorization_code, refresh_token]
    redirectUris:
      - http://127.0.0.1:33418
      - http://127.0.0.1:33418/
      - https://vscode.dev/redirect
      - http://localhost:8666/callback
  - clientId: ${demo}
    label: Demo client
    type: native
    grantTypes: [${['authorization_code', 'refresh_token', ...demoGrants].join(', ')}]
    redirectUris: ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://[::1]/callback']
`;
}

export const people = `users:
  - login: alice@example.com
    password: alice
    name: Alice Adams
    email: alice@example.com
    groups: [Engineering]
  - login: bob@example.com
    password: bob
    name: Bob Brown
    email: bob@example.com
    groups: [Sales]
`;
