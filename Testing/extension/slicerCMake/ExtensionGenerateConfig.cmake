# In Slicer this writes the extension's own package file; here it tells what was declared, for the tests to read.
get_property(MODULES GLOBAL PROPERTY STAND_IN_MODULES)
get_property(TESTS GLOBAL PROPERTY STAND_IN_TESTS)
file(WRITE ${CMAKE_BINARY_DIR}/declared.txt "extension ${PROJECT_NAME}\nmodules ${MODULES}\ntests ${TESTS}\n")
