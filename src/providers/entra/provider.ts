import type { Provider } from '../../model/provider.ts';
import { entraRefusals } from './refusals.ts';

/** Of the global and the national clouds (learn.microsoft.com/entra/identity-platform/authentication-national-cloud),
 * of version 1.0 tokens (sts.windows.net) and of External ID.
 */
const hosts =
  /^(?:login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn|windows\.net)|sts\.windows\.net)$|\.ciamlogin\.com$/;
const path = /^\/[\w.-]+\/(?:v2\.0|oauth2\/v2\.0\/\w+|oauth2\/token)\/?$/;

export const entra: Provider = {
  name: 'entra',
  title: 'Microsoft Entra ID',
  recognises: ({ hostname, pathname }) => hosts.test(hostname) || path.test(pathname),
  exchangeParameters: {},
  refusals: entraRefusals,
};
