# Servers that tests start copy one initialised data folder.
set(HOLDFAST_TEST_ENVIRONMENT "HOLDFAST_PG_TEMPLATE=${PROJECT_BINARY_DIR}/pg-template")
if(HOLDFAST_SANITIZE MATCHES thread)
  # Suppressions go by functions' names.
  find_program(HOLDFAST_SYMBOLIZER NAMES llvm-symbolizer-16 llvm-symbolizer REQUIRED)
  list(APPEND HOLDFAST_TEST_ENVIRONMENT
    "TSAN_OPTIONS=halt_on_error=1:external_symbolizer_path=${HOLDFAST_SYMBOLIZER}:suppressions=${PROJECT_SOURCE_DIR}/tools/tsan.suppressions")
endif()

# One test program: holdfast_test(NAME SOURCES ... LINK ... [TIMEOUT seconds]), run by ctest under
# its own name.
function(holdfast_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  list(TRANSFORM T_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(GLOBAL APPEND PROPERTY HOLDFAST_TEST_SOURCES ${T_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name}
    PRIVATE holdfast_build_flags ${T_LINK} GTest::gtest GTest::gtest_main)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(HOLDFAST_SANITIZE)
    math(EXPR T_TIMEOUT "3 * ${T_TIMEOUT}")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${HOLDFAST_TEST_ENVIRONMENT}")
endfunction()
