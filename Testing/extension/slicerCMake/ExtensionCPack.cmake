# In Slicer this sets up the package; it has to come last, after every install rule.
if(NOT EXISTS ${CMAKE_BINARY_DIR}/declared.txt)
  message(FATAL_ERROR "Slicer_EXTENSION_GENERATE_CONFIG has to be included before Slicer_EXTENSION_CPACK")
endif()
