import { html } from '../../lib/html.ts';
import { page } from './page.ts';

interface DeviceConfirmPage {
  readonly org: string;
  readonly app: string;
  readonly userCode: string;
  readonly action: string;
  readonly xsrf: string;
}

/** Asks whether it is that app and that code: whoever sends somebody a link with a code in it wants to be let in by them
 * (RFC 8628 §5.4). Posts `confirm` or `abort`, `user_code` and `xsrf`.
 */
export function deviceConfirmPage({ org, app, userCode, action, xsrf }: DeviceConfirmPage): string {
  const content = html`<div class="card stack">
    <h1>Does <bdi>${app}</bdi> show this code?</h1>
    <p>
      <strong><code>${userCode}</code></strong>
    </p>
    <p class="quiet">
      Go on only if you have that device before you and started to sign in there. If somebody sent you the code or the
      link, it is they who would be signed in as you.
    </p>
    <form class="stack" method="post" action="${action}">
      <input type="hidden" name="xsrf" value="${xsrf}" />
      <input type="hidden" name="user_code" value="${userCode}" />
      <div class="actions">
        <button type="submit" name="abort" value="yes">No</button>
        <button class="primary" type="submit" name="confirm" value="yes">Yes, go on</button>
      </div>
    </form>
  </div>`;
  return page({ title: 'Compare the code', org, width: 'narrow', content });
}
