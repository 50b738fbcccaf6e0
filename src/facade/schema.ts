import { z } from 'zod';
import { scope } from '../model/scope.ts';
import { Secret } from '../model/secret.ts';
import { setting } from '../model/setting.ts';
import { issuerUrl } from '../model/web-url.ts';
import { clientFields } from '../oauth/client-authentication/schema.ts';
import { findRuleProblem } from './document-url.ts';
import { findRedirectProblem } from './redirect-uri.ts';

const group = 'Façade';

/** Where clients come back to that are no programs on their user's machine, or have a scheme of their own. */
const knownRedirectUris = [
  'https://vscode.dev/redirect',
  'https://insiders.vscode.dev/redirect',
  'cursor://anysphere.cursor-mcp/oauth/callback',
];

const redirectUri = z.string().check((context) => {
  const problem = findRedirectProblem(context.value);
  if (problem !== undefined)
    context.issues.push({ code: 'custom', message: `a redirect URI that ${problem}`, input: context.value });
});

const documentRule = z.string().check((context) => {
  const problem = findRuleProblem(context.value);
  if (problem !== undefined) context.issues.push({ code: 'custom', message: problem, input: context.value });
});

/** Settings of the façade: clients register and sign in at Usher, and Usher signs them in at the provider as one client. */
export const facadeSchema = z.strictObject({
  ...clientFields({ group, flagPrefix: 'facade-client' }),
  issuer: setting(issuerUrl().optional(), {
    help: 'Issuer people are signed in at; by default the one issuer whose tokens the server takes',
    flag: 'facade-issuer',
    group,
    placeholder: 'URL',
    example: 'https://example.okta.com/oauth2/aus1',
  }),
  url: setting(issuerUrl().optional(), {
    help: 'Issuer URL clients know the façade by; by default /oauth/NAME where the resource URL is',
    flag: 'facade-url',
    group,
    placeholder: 'URL',
    example: 'https://mcp.example.com/oauth/countries',
  }),
  key: setting(z.instanceof(Secret).optional(), {
    help: 'What registrations, sign-ins under way and refresh tokens are sealed with, at least 32 characters; the same for all replicas. By default made from --state-key',
    flag: 'facade-key',
    group,
    placeholder: 'SECRET',
    secret: true,
  }),
  scopes: setting(z.array(scope).default([]), {
    help: "Scopes clients may ask for beside the server's own, for example offline_access for refresh tokens",
    flag: 'facade-scopes',
    group,
    placeholder: 'SCOPE,…',
    example: 'offline_access',
    spaceSeparated: true,
  }),
  redirectUris: setting(z.array(redirectUri).default(knownRedirectUris), {
    help: 'Where clients may come back to beside this machine (http://127.0.0.1, http://localhost), to the letter',
    flag: 'facade-redirect-uris',
    group,
    placeholder: 'URI,…',
    example: 'https://vscode.dev/redirect',
  }),
  clientDocuments: setting(z.array(documentRule).default([]), {
    help: 'Apps that need not register since they bring a document about themselves (CIMD): its URL, hosts such as vscode.dev or *.example.com, or * for any',
    flag: 'facade-client-documents',
    group,
    placeholder: 'HOST,…',
    example: 'vscode.dev',
  }),
  unsafeDevLoopbackDocuments: setting(z.boolean().default(false), {
    help: 'For tests of an app alone: fetch such documents from this machine, and from nowhere else',
    flag: 'facade-unsafe-dev-loopback-documents',
    group,
  }),
  registrationDays: setting(z.number().int().min(1).max(3650).default(365), {
    help: 'How long a registration holds; then the client registers itself again',
    flag: 'facade-registration-days',
    group,
    placeholder: 'DAYS',
  }),
  dropResource: setting(z.boolean().default(false), {
    help: 'Ask the provider without a resource indicator (RFC 8707), where it refuses one beside scopes, as Entra ID does',
    flag: 'facade-drop-resource',
    group,
  }),
});

export type FacadeSettings = z.output<typeof facadeSchema>;
