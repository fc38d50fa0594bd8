// What `tools/lint javascript` asks of the scripts: ESLint's recommended rules, and a few about names that mislead.
import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2022,
      // axe: what the checks put into a page to audit it
      globals: { ...globals.node, ...globals.browser, axe: 'readonly' },
    },
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-shadow': 'error',
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      eqeqeq: 'error',
    },
  },
  // Classic scripts: what one declares, another one uses.
  { files: ['slides/tools/site/search.js'], languageOptions: { sourceType: 'script', globals: { headings: 'readonly' } } },
  { files: ['tests/weave/page_check.mjs'], languageOptions: { globals: { go: 'readonly' } } },
];
