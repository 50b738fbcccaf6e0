import { leaves } from '../config/leaves.ts';

const exchangeFlag = /--token-exchange-([a-z-]+?)(-file)?(?![a-z-])/g;

/** Fixes name the settings of a token exchange, which most gateways have: here in the words of the credential that it is about.
 * One that has no flags (a chain's steps) or no such flag is named by its key in the configuration file.
 * @param credential its strategy; token exchange when absent
 */
export function nameSettings(fix: string, credential: string | undefined): string {
  if (credential === undefined || credential === 'token-exchange') return fix;
  return fix.replaceAll(exchangeFlag, (written: string, setting: string, ending = '') => {
    const flag = `${credential}-${setting}`;
    if (leaves.some(({ meta }) => meta.flag === flag)) return `--${flag}${ending}`;
    const key = leaves.find(({ meta }) => meta.flag === `token-exchange-${setting}`)?.path.at(-1);
    return key === undefined ? written : `${key}${ending === '' ? '' : 'File'} of its credential`;
  });
}
