import type { Provider } from '../../model/provider.ts';
import { oktaRefusals } from './refusals.ts';

/** Domains of Okta's orgs (developer.okta.com/docs/concepts/okta-organizations). */
const hosts =
  /(?:^|\.)(?:okta|oktapreview|okta-emea|okta-gov|trexcloud)\.com$|(?:^|\.)okta\.mil$|(?:^|\.)okta-gov\.com$/;
/** An org may have a domain of its own; its custom authorization servers keep their path. Others that begin alike go on
 * with the endpoint at once: `/oauth2/token`, `/oauth2/authorize`.
 */
const path = /^\/oauth2\/(?!token\b|auth|v\d)[\w-]+(?:\/v1\/[\w/-]+)?\/?$/;

export const okta: Provider = {
  name: 'okta',
  title: 'Okta',
  recognises: ({ hostname, pathname }) => hosts.test(hostname) || path.test(pathname),
  exchangeParameters: {},
  refusals: oktaRefusals,
  // Only for those who ask: a gateway needs nothing of it.
  inspect: async (expected, access) => (await import('./inspect/inspect-okta.ts')).inspectOkta(expected, access),
};
