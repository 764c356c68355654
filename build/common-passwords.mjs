// Makes src/Modules/Identity/Passwords/common-passwords.txt from the list of the npm package zxcvbn:
//
//   npm pack zxcvbn@4.4.2 && tar xzf zxcvbn-4.4.2.tgz
//   node build/common-passwords.mjs package/lib/frequency_lists.js > src/Modules/Identity/Passwords/common-passwords.txt
//
// SHA-256 of zxcvbn-4.4.2.tgz: 0b3ebb60ec2df2340e1b8b70e4cb2657a3ceb192781d299310e7aceaa606cd22
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const { passwords } = createRequire(import.meta.url)(resolve(process.argv[2]));
const hash = (word) => createHash("sha256").update(word.normalize("NFKC").toLowerCase()).digest("hex").slice(0, 16);
const hashes = [...new Set(passwords.slice(0, 10_000).map(hash))].sort();

console.log(`# The 10,000 most common passwords, as the first 64 bits of their SHA-256 (lower case, NFKC, UTF-8), sorted.
# Source: npm package zxcvbn 4.4.2, lib/frequency_lists.js. Made by build/common-passwords.mjs.
# Licence: MIT, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.
${hashes.join("\n")}`);
