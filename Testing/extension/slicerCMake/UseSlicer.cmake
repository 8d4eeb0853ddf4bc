# What `include(${Slicer_USE_FILE})` gives to a scripted module.
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR ${Slicer_QTSCRIPTEDMODULES_LIB_DIR})

foreach(NAME IN ITEMS HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${NAME}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${NAME} is missing or empty")
  endif()
endforeach()

# Copies what is listed into the build tree, which is installed, as Slicer does; a listed file has to exist.
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords given to slicerMacroBuildScriptedModule(): ${MY_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT MY_NAME)
    message(FATAL_ERROR "NAME is mandatory")
  endif()
  foreach(MY_FILE IN LISTS MY_SCRIPTS MY_RESOURCES)
    if(IS_ABSOLUTE ${MY_FILE} OR MY_FILE MATCHES "\\.\\.")
      message(FATAL_ERROR "${MY_FILE} would leave the module's folder")
    endif()
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${MY_FILE})
      message(FATAL_ERROR "slicerMacroBuildScriptedModule given nonexistent file or directory '${MY_FILE}'")
    endif()
    configure_file(${MY_FILE} ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/${MY_FILE} COPYONLY)
  endforeach()
  install(
    DIRECTORY ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/
    DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    COMPONENT Runtime
    PATTERN ${MY_NAME}Server EXCLUDE
    )
  set_property(GLOBAL APPEND PROPERTY STAND_IN_MODULES ${MY_NAME})
endmacro()

function(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${MY_SCRIPT})
    message(FATAL_ERROR "slicer_add_python_unittest given nonexistent script '${MY_SCRIPT}'")
  endif()
  set_property(GLOBAL APPEND PROPERTY STAND_IN_TESTS ${MY_SCRIPT})
endfunction()
