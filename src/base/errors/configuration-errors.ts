import type { ErrorEntry } from './template.js'

/** What is wrong with a file or a setting. */
export const configurationErrors = {
  CONFIG_INVALID: {
    meaning: 'The configuration is invalid; each line names file, key and expected value.',
    todo: 'correct it, then run `hotdesk check`; src/config/README.md lists every setting',
    messages: {
      problems: '{what}: {count}\n{lines}',
      withDialplan: '{problems}\n{dialplanProblems}',
      tooLarge: '{name} is too large: expected at most {megabytes} MB',
      tlsFiles: '{problems}',
      dataNotWritable: 'data: the folder {data} cannot be written ({reason})',
      dataNotMade: 'data: the folder {data} cannot be made ({reason})',
      dataTooLong: {
        says: 'data: {data} is too long for a socket, and others can write to {folder}',
        todo: 'choose a shorter path',
      },
      siteName: { says: '--site {site} is not a site name', todo: 'pass lower-case letters, digits and -, such as paris' },
      tlsOptions: { says: '--tls-cert and --tls-key go together', todo: 'pass both' },
      noApplicationSecret: { says: 'applications need a secret', todo: 'set HOTDESK_DRACHTIO_SECRET, or pass --secret' },
      adminTls: { says: 'the admin wire over TLS needs a certificate and its key', todo: 'pass --tls-cert and --tls-key' },
      listenTls: {
        says: '{address} needs a TLS certificate and its key',
        todo: 'set sip.tls.certificate and sip.tls.key, or pass --tls-cert and --tls-key',
      },
      tlsMismatch: 'the TLS certificate and key do not fit together; the old ones stay in use',
    },
  },
  DIALPLAN_INVALID: {
    meaning: 'The dial plan is invalid; each line names file, key and expected value.',
    todo: 'correct it, then run `hotdesk check`; see dialplans/README.md',
    messages: {
      problems: '{what}: {count}\n{lines}',
      missing: 'site {site} has no dial plan: expected the file {file} ({neighbours})',
      unreadable: 'the dial plan {file} cannot be read: {reason}',
    },
  },
  IMPORT_INVALID: {
    meaning: 'The file to import is invalid; each line names file, key and expected value. Nothing was imported.',
    todo: 'correct the file, and import it again',
    messages: {
      problems: '{what}: {count}\n{lines}',
      savedCopy: {
        says: '{problems}',
        todo: 'hotdesk redis restore writes back the records of a saved copy that are missing in Redis',
      },
      neitherKind: '{id} is neither an extension nor a device',
    },
  },
  PROMPT_UNREADABLE: {
    meaning: 'A prompt cannot be played; tones replace it.',
    todo: 'restore the file, or record it again; see prompts/README.md',
    messages: {
      clip: { says: '{path} cannot be played ({reason})', todo: 'give it as a WAV file' },
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
