import path from 'node:path'
import ts from 'typescript'
import { root } from './markdown-fence.js'

/** Type errors in the files, which are checked as one program, as `file:line: message`. */
export function typeErrors(files: readonly string[]): string[] {
  const base = ts.readConfigFile(path.join(root, 'tsconfig.base.json'), (file) =>
    ts.sys.readFile(file),
  )
  const { options } = ts.parseJsonConfigFileContent(
    {
      ...(base.config as object),
      include: [],
      files: files.map((file) => path.relative(root, file)),
    },
    ts.sys,
    root,
    {
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      types: ['node'],
    },
  )
  const program = ts.createProgram([...files], options)
  return files.flatMap((file) => {
    const source = program.getSourceFile(file)
    if (source === undefined) return [`${file}: is not part of the program`]
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start)
      const text = ts.flattenDiagnosticMessageText(messageText, '\n')
      return `${path.relative(root, file)}:${line + 1}: ${text}`
    })
  })
}
