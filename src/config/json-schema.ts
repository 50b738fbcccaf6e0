import { z } from 'zod';
import { settings } from '../model/setting.ts';
import { isTree, setOwn, type Tree } from './path.ts';
import { configSchema } from './schema.ts';

/** JSON Schema (2020-12) of the configuration file, for editors that complete and check while people type. */
export function buildJsonSchema(): z.core.JSONSchema.JSONSchema {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodObject) addSecretForms(zodSchema, jsonSchema);
      const meta = zodSchema instanceof z.ZodType ? settings.get(zodSchema) : undefined;
      if (meta === undefined) return;
      jsonSchema.description = meta.help;
      if (meta.example !== undefined) jsonSchema.examples = [meta.example];
      if (meta.secret === true) jsonSchema.type = 'string';
      const hasSingleForm = meta.flag !== undefined || (meta.fileOnly === true && isListOfTexts(jsonSchema));
      if (jsonSchema.type === 'array' && hasSingleForm) allowSingle(jsonSchema);
    },
  });
  return { title: 'Configuration of Usher', ...schema };
}

function isListOfTexts({ items }: z.core.JSONSchema.BaseSchema): boolean {
  return typeof items === 'object' && !Array.isArray(items) && items.type === 'string';
}

/** A list of one may be written without brackets. */
function allowSingle(jsonSchema: Tree): void {
  const { items, minItems } = jsonSchema;
  delete jsonSchema['type'];
  delete jsonSchema['items'];
  delete jsonSchema['minItems'];
  jsonSchema['anyOf'] = [items, { type: 'array', items, ...(minItems === undefined ? {} : { minItems }) }];
}

/** `clientSecret` may also be `clientSecretFile`, `clientSecretEnv` or `clientSecretRef`; exactly one of them. */
function addSecretForms(object: z.ZodObject, jsonSchema: Tree): void {
  for (const [key, child] of Object.entries(object.shape)) {
    const meta = child instanceof z.ZodType ? settings.get(child) : undefined;
    const { properties, required } = jsonSchema;
    if (meta?.secret !== true || !isTree(properties)) continue;
    setOwn(properties, `${key}File`, { type: 'string', description: `File that holds it: ${meta.help}` });
    setOwn(properties, `${key}Env`, { type: 'string', description: `Variable that holds it: ${meta.help}` });
    setOwn(properties, `${key}Ref`, { type: 'string', description: `Its name in the secret store: ${meta.help}` });
    if (!Array.isArray(required) || !required.includes(key)) continue;
    jsonSchema['required'] = required.filter((name) => name !== key);
    jsonSchema['oneOf'] = [key, `${key}File`, `${key}Env`, `${key}Ref`].map((name) => ({
      type: 'object',
      properties: { [name]: { type: 'string' } },
      required: [name],
    }));
  }
}
