// Calls a tool as a chat would, without a language model; the answer goes to a file.
const { writeFileSync } = require('node:fs');
const vscode = require('vscode');

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand('usher-test.callTool', async () => {
      const tools = vscode.lm.tools.map(({ name }) => name);
      const tool = tools.find((name) => name.endsWith('_GetCountry'));
      const answer = { tools };
      try {
        if (tool === undefined) throw new Error('VS Code knows no tool GetCountry');
        const { content } = await vscode.lm.invokeTool(tool, { input: { code: 'SE' }, toolInvocationToken: undefined });
        answer.text = content.map((part) => part.value ?? String(part)).join('\n');
      } catch (error) {
        answer.error = String(error);
      }
      writeFileSync(process.env.TOOL_ANSWER_FILE, JSON.stringify(answer));
    }),
  );
};
