import { html } from '../../lib/html.ts';
import { page } from './page.ts';

interface DeviceCodePage {
  readonly org: string;
  readonly action: string;
  readonly xsrf: string;
  /** What stands in the field. */
  readonly code: string;
  /** Why the attempt before failed, as a sentence. */
  readonly error?: string | undefined;
}

/** The page a person types in the code that an app on another device shows (RFC 8628 §3.3). The form posts `user_code` and `xsrf`. */
export function deviceCodePage({ org, action, xsrf, code, error }: DeviceCodePage): string {
  const flaw = error === undefined ? undefined : html` aria-invalid="true" aria-describedby="error"`;
  const content = html`<div class="card stack">
    <h1>Sign in to an app on another device</h1>
    <p class="quiet">It shows a code. Type in only a code of an app that you have just started yourself.</p>
    ${error === undefined ? undefined : html`<div class="alert" role="alert" id="error"><p>${error}</p></div>`}
    <form class="stack" method="post" action="${action}">
      <input type="hidden" name="xsrf" value="${xsrf}" />
      <div class="field">
        <label for="user_code">Code</label>
        <input
          id="user_code"
          name="user_code"
          type="text"
          value="${code}"
          required
          maxlength="20"
          autocomplete="off"
          autocapitalize="characters"
          autocorrect="off"
          spellcheck="false"
          autofocus
          ${flaw}
        />
      </div>
      <div class="actions"><button class="primary" type="submit">Next</button></div>
    </form>
  </div>`;
  return page({
    title: error === undefined ? 'Enter the code' : 'Error: Enter the code',
    org,
    width: 'narrow',
    content,
  });
}
