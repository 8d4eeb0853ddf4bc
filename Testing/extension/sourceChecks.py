"""The checks that read the repository's own files; another one looks at what CMake makes of them."""

import indexRules
import moduleRules

SOURCE_CHECKS = [
    indexRules.checkEntry,
    indexRules.checkRootCMake,
    indexRules.checkPictures,
    indexRules.checkLicense,
    indexRules.checkCloneSize,
    moduleRules.checkListedFiles,
    moduleRules.checkModuleFolder,
    moduleRules.checkImports,
    moduleRules.checkTranslations,
]
